@judge:client @needs:sample @needs:client
Feature: How a client takes errors

  Rule: The client reads detail as a string and as a list, and details on 429, without crashing

    @id:ERR-15 @unmeasured @long
    Scenario Outline: An error as <shape>
      Given 1 client apart, where each API request meets
        """
        {"status": 422, "headers": {"Content-Type": "application/json"}, "body": "<other>"}
        """
      And each API request meets
        """
        {"status": 422, "headers": {"Content-Type": "application/json"}, "body": "<body>"}
        """
      When the client makes 1 call
      And the vendor's faults end, and the client makes 1 call
      And each of them makes 1 call within 10 seconds
      Then the first call failed with its status, and the next one succeeded

      Examples:
        | shape  | body                                                                                          | other                           |
        | text   | {\\"detail\\":\\"The scribe id is wrong\\"}                                                   | {\\"detail\\":[{\\"loc\\":[\\"path\\"],\\"msg\\":\\"wrong\\",\\"type\\":\\"value_error\\"}]} |
        | a list | {\\"detail\\":[{\\"loc\\":[\\"path\\"],\\"msg\\":\\"wrong\\",\\"type\\":\\"value_error\\"}]} | {\\"detail\\":\\"The scribe id is wrong\\"} |

    @id:ERR-15 @unmeasured @long
    Scenario: An error as details on 429
      Given each API request meets
        """
        {"status": 429, "headers": {"Content-Type": "application/json"}, "body": "{\"details\":\"Too many requests\"}"}
        """
      When the client makes 1 call
      And the vendor's faults end, and the client makes 1 call
      Then the first call failed, and the next one succeeded

  Rule: The client does not repeat a request that was answered with 422 (at scribe 404)

    @id:ERR-17 @vendor:scribe
    Scenario: A path that is not there
      Given the client has made 1 call
      And each API request meets
        """
        {"status": 404, "headers": {"Content-Type": "application/json"}, "body": "{\"message\":\"Not Found\"}"}
        """
      When the client makes 1 call
      Then the client sent it once

    @id:ERR-17 @vendor:athelas @vendor:pattern
    Scenario: A request that cannot be processed
      Given the client has made 1 call
      And each API request meets
        """
        {"status": 422, "headers": {"Content-Type": "application/json"}, "body": "{\"detail\":\"wrong\"}"}
        """
      When the client makes 1 call
      Then the client sent it once

  Rule: A network, timeout, throttling or server fault is reported as such and not as wrong credentials

    @id:ERR-18 @unmeasured @long
    Scenario: Calls that come to nothing
      Given 1 client apart, where each API request meets
        """
        {"status": 503}
        """
      And 1 client apart, where each API request meets
        """
        {"status": 429}
        """
      When each of them makes 1 call within 10 seconds
      Then no call was reported as refused credentials

    @id:ERR-18 @vendor:athelas @vendor:pattern @vendor:corti @unmeasured @long
    Scenario: Logins that come to nothing
      Given 1 client apart, where each token request meets
        """
        {"reset": "before"}
        """
      And 1 client apart, where each token request meets
        """
        {"delay_ms": 15000}
        """
      And 1 client apart, where each token request meets
        """
        {"status": 429}
        """
      When each of them makes 1 call within 8 seconds
      Then no call was reported as refused credentials

    @id:ERR-18 @vendor:scribe @unmeasured @long
    Scenario: Sign-ins that come to nothing
      Given 1 client apart, where each token request meets
        """
        {"reset": "before"}
        """
      And 1 client apart, where each token request meets
        """
        {"delay_ms": 15000}
        """
      And 1 client apart, where each token request meets
        """
        {"status": 400, "headers": {"Content-Type": "application/x-amz-json-1.1"},
         "body": "{\"__type\":\"TooManyRequestsException\",\"message\":\"Too many requests\"}"}
        """
      When each of them makes 1 call within 8 seconds
      Then no call was reported as refused credentials
