@judge:vendor
Feature: Pattern Health keeps secrets when it refuses

  Rule: Too many requests are answered with 429

    @id:HTT-07 @may
    Scenario: A 429 may tell when to come back
      Given the vendor's setting rate_limit is 1
      And the API has accepted the caller's token
      When the caller calls the API
      Then what the 429 tells is reported

  Rule: No reply repeats a secret, password or refused token that the request contained

    @id:ERR-12 @must
    Scenario: Refusals repeat nothing
      Given the API has accepted the caller's token
      When the caller logs in in each of these ways
        | with another client secret              |
        | with a beginning of the client secret   |
        | with the credentials in the body        |
        | with the credentials in the body too    |
        | with everything in the query            |
        | with grant_type locum                   |
        | without grant_type                      |
        | with grant_type twice                   |
        | as JSON                                 |
      And the caller calls the API in each of these ways
        | with the token altered in its last letter |
        | with the token in the query               |
        | with the token in quotes                  |
        | with the scheme Basic                     |
      Then no reply repeats a secret or token of its request
