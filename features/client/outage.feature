@judge:client @needs:sample @needs:client @unmeasured
Feature: A token endpoint that fails

  Rule: A connection cut inside the token reply yields no token and a bounded number of attempts

    @id:RET-14
    Scenario: The token reply breaks off
      Given each token request meets
        """
        {"reset": {"byte": 60}}
        """
      When the client makes 1 call
      Then the client used no part of a token and gave up

  Rule: A token endpoint that does not answer ends the call within 60 seconds

    @id:RET-15 @long
    Scenario: The token endpoint is silent
      Given each token request meets
        """
        {"delay_ms": 90000}
        """
      When the client makes 1 call within 5 seconds
      Then the call ended as failed

  Rule: While the token endpoint is down, token requests follow the backoff and not the calls

    @id:RET-16 @long
    Scenario: A hundred calls in an outage of five seconds
      Given each token request meets
        """
        {"status": 503}
        """
      When the client begins 100 calls, one every 50 milliseconds
      And the vendor's faults end
      And the client has answered
      Then the client made fewer than 50 token requests

  Rule: When the shared token request fails, every waiting caller gets an answer soon

    @id:SF-03
    Scenario: The token request of twenty calls fails
      Given the first token request meets
        """
        {"status": 503, "delay_ms": 500}
        """
      When the client makes 20 calls at once
      Then each call was answered soon, after a few token requests

    @id:SF-03 @vendor:pattern @vendor:corti
    Scenario: The shared login of twenty calls is refused
      Given the first token request meets
        """
        {"status": 401, "delay_ms": 500, "headers": {"Content-Type": "application/json"}, "body": "{\"error\":\"invalid_client\"}"}
        """
      When the client makes 20 calls at once
      Then each call was answered soon, after a few token requests

    @id:SF-03 @vendor:athelas
    Scenario: The shared password login of twenty calls is refused
      Given the first token request meets
        """
        {"status": 401, "delay_ms": 500, "headers": {"Content-Type": "application/json"}, "body": "{\"detail\":\"wrong\"}"}
        """
      When the client makes 20 calls at once
      Then each call was answered soon, after a few token requests

    @id:SF-03 @vendor:scribe
    Scenario: The shared sign-in of twenty calls is refused
      Given the first token request meets
        """
        {"status": 400, "delay_ms": 500, "headers": {"Content-Type": "application/x-amz-json-1.1"},
         "body": "{\"__type\":\"NotAuthorizedException\",\"message\":\"Incorrect username or password.\"}"}
        """
      When the client makes 20 calls at once
      Then each call was answered soon, after a few token requests
