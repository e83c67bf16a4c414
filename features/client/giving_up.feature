@judge:client @needs:sample @needs:client
Feature: When a client gives up

  Rule: A call that keeps getting 401 ends with an error after at most two API requests

    @id:RET-02 @vendor:athelas @vendor:pattern @vendor:corti
    Scenario: Each token is refused
      Given each API request meets
        """
        {"status": 401, "headers": {"WWW-Authenticate": "Bearer"}}
        """
      When the client makes 1 call
      Then the client tried once more with a new token at most, and reported the failure

    @id:RET-02 @vendor:scribe
    Scenario: Each signature's credentials are refused
      Given each API request meets
        """
        {"status": 403, "headers": {"x-amzn-ErrorType": "ExpiredTokenException"},
         "body": "{\"message\":\"The security token included in the request is expired\"}"}
        """
      When the client makes 1 call
      Then the client tried once more with new credentials at most, and reported the failure

  Rule: A refused login is not repeated in a loop, and its secret is not repeated either

    @id:RET-03 @id:LOG-02 @vendor:pattern @vendor:corti
    Scenario: The client's secret is refused
      Given each token request meets
        """
        {"status": 401, "headers": {"Content-Type": "application/json"},
         "body": "{\"error\":\"invalid_client\",\"error_description\":\"{client_secret} is wrong\"}"}
        """
      When the client makes 1 call
      Then the client logged in twice at most, and reported the failure

    @id:RET-03 @id:LOG-02 @vendor:athelas
    Scenario: The user's password is refused
      Given each token request meets
        """
        {"status": 401, "headers": {"Content-Type": "application/json"},
         "body": "{\"detail\":\"{password} is wrong\"}"}
        """
      When the client makes 1 call
      Then the client logged in twice at most, and reported the failure

    @id:RET-03 @id:LOG-02 @vendor:scribe
    Scenario: The user's password is refused by the pool
      Given each token request meets
        """
        {"status": 400, "headers": {"Content-Type": "application/x-amz-json-1.1"},
         "body": "{\"__type\":\"NotAuthorizedException\",\"message\":\"{password} is wrong\"}"}
        """
      When the client makes 1 call
      Then the client logged in twice at most, and reported the failure

    @id:RET-04 @vendor:pattern @vendor:corti
    Scenario: Fifty calls with a refused secret
      Given each token request meets
        """
        {"status": 401, "headers": {"Content-Type": "application/json"}, "body": "{\"error\":\"invalid_client\"}"}
        """
      When the client makes 50 calls in turn
      Then the client logged in fewer than 50 times

    @id:RET-04 @vendor:athelas
    Scenario: Fifty calls with a refused password
      Given each token request meets
        """
        {"status": 401, "headers": {"Content-Type": "application/json"}, "body": "{\"detail\":\"wrong\"}"}
        """
      When the client makes 50 calls in turn
      Then the client logged in fewer than 50 times

    @id:RET-04 @vendor:scribe
    Scenario: Fifty calls with a password that the pool refuses
      Given each token request meets
        """
        {"status": 400, "headers": {"Content-Type": "application/x-amz-json-1.1"},
         "body": "{\"__type\":\"NotAuthorizedException\",\"message\":\"Incorrect username or password.\"}"}
        """
      When the client makes 50 calls in turn
      Then the client logged in fewer than 50 times
