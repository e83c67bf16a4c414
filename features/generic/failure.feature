@judge:vendor @needs:login
Feature: Any vendor keeps secrets when it refuses

  Rule: No reply repeats a secret, password or refused token that the request contained

    @id:ERR-12 @must @needs:client_credentials @needs:sample
    Scenario: Refusals of a client repeat nothing
      Given the API has accepted the caller's token
      When the caller logs in in each of these ways
        | with another client secret            |
        | with a beginning of the client secret |
        | with everything in the query          |
        | with grant_type locum                 |
        | without grant_type                    |
        | with grant_type twice                 |
        | as JSON                               |
      And the caller calls the API in each of these ways
        | with the token altered in its last letter |
        | with the token in the query               |
      Then no reply repeats a secret or token of its request

    @id:ERR-12 @must @needs:password @needs:sample
    Scenario: Refusals of a user repeat nothing
      Given the API has accepted the caller's token
      When the caller logs in in each of these ways
        | with another password            |
        | with a beginning of the password |
        | with everything in the query     |
        | with grant_type locum            |
        | as JSON                          |
      And the caller calls the API in each of these ways
        | with the token altered in its last letter |
        | with the token in the query               |
      Then no reply repeats a secret or token of its request
