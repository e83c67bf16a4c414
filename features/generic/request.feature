@judge:vendor @needs:login @needs:bearer @needs:sample
Feature: Any vendor's API

  Rule: The access token is a Bearer token in the Authorization header

    @id:BRR-01 @must
    Scenario: A call with the token is served
      Given the caller has logged in
      When the caller calls the API
      Then the API accepts the token

    @id:BRR-08 @must
    Scenario: A token in the query is not accepted
      Given the API has accepted the caller's token
      When the caller calls the API with the token in the query
      Then the vendor refuses each of these calls with 401

  Rule: An API request without a token is refused

    @id:VEN-18 @must
    Scenario: A call without a token is refused
      Given the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | without a token |
      Then the vendor refuses each of these calls with 401 or 403
