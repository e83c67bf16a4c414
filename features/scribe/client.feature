@judge:client
Feature: A client of Scribe Labs

  Rule: With the documented replies the client logs in and completes an API call

    @id:CLI-29 @must
    Scenario: The client signs in and calls
      When the client makes 2 calls in turn
      Then the client logged in and its calls were served

  Rule: The client reuses a token within its lifetime

    @id:CACHE-01 @must
    Scenario: Five calls take one sign-in
      When the client makes 5 calls in turn
      Then the 5 calls took 1 token request; up to 2 are tolerated

    @id:SF-01 @must
    Scenario: Twenty first calls at once take one sign-in
      When the client makes 20 calls at once
      Then the 20 calls took 1 token request; up to 3 are tolerated
