@judge:client
Feature: A client of Athelas

  Rule: With the documented replies the client logs in and completes an API call

    @id:CLI-29 @must
    Scenario: The client logs in and calls
      When the client makes 2 calls in turn
      Then the client logged in and its calls were served

  Rule: Implement token caching to avoid unnecessary authentication requests

    @id:CACHE-01 @must
    Scenario: Five calls take one token
      When the client makes 5 calls in turn
      Then the calls took one token request

    @id:SF-01 @must
    Scenario: Twenty first calls at once take one token
      Given the vendor takes 150 milliseconds to issue a token
      When the client makes 20 calls at once
      Then the calls took one token request

  Rule: The sample reply has no expires_in

    @id:EXP-04 @must
    Scenario: The client uses a token whose reply has no expires_in
      When the client makes 1 call
      Then the client uses a token whose reply has no expires_in

  Rule: Simply request a new token using the authentication endpoint

    @id:CLI-05 @must
    Scenario: A refused token is not shown again
      Given the client has made 1 call
      When the vendor revokes the client's token
      And the client makes 2 calls in turn
      Then the client fetched a new token and never showed the refused one again

    @id:RET-01 @should
    Scenario: The refused call is sent again
      Given the client has made 1 call
      When the vendor revokes the client's token
      And the client makes 1 call
      Then the client sent the refused call once more with a new token
