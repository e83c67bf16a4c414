@judge:vendor
Feature: Corti tells who a caller is

  Rule: Userinfo gives claims for a live access token only

    @id:BRR-24 @must @id:BRR-25 @must
    Scenario: Userinfo without a good token
      Given the caller has logged in and shown the token
      When the caller shows userinfo each of these tokens
        | without a token                    |
        | with an unknown token              |
        | with the token's signature changed |
        | with the id token                  |
      Then nothing is told, and the good token is told its subject

    @id:BRR-24 @must
    Scenario: Userinfo with a token that has ended
      Given the caller has logged in and shown the token
      When the token's lifetime and 5 minutes more have passed
      And the caller shows userinfo each of these tokens
        | with a token that has ended |
      Then nothing is told
