@judge:client @needs:sample @needs:client
Feature: The control: a client logs in and calls

  Rule: With the documented replies the client logs in and completes an API call

    @id:CLI-29 @documented
    Scenario: The client logs in and calls
      When the client makes 2 calls in turn
      Then the client logged in and its calls were served

    @id:EXP-04 @documented
    Scenario: The client uses a token whose reply has no expires_in
      When the client makes 1 call
      Then the client uses a token whose reply has no expires_in

  Rule: No secret, password or token appears in what the client prints

    @id:LOG-01 @debug
    Scenario: The client logs all that it can
      When the client makes 2 calls in turn
      Then the client printed no secret
