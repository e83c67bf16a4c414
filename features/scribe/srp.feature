@judge:vendor
Feature: Scribe Labs signs people in by SRP

  Rule: Only who knows the password can answer the challenge

    @id:COG-30 @id:COG-25 @must
    Scenario: The right proof gives tokens, and no other does
      Given the user has signed in
      When the user signs in by SRP
      And the user signs in by SRP in each of these ways
        | with another password                  |
        | altered in its first byte              |
        | altered in its last byte               |
        | with another timestamp than was signed |
        | with the secret block of another login |
        | under the name of another user         |
        | by another client                      |
        | without a proof                        |
        | without a secret block                 |
        | without a timestamp                    |
        | without a user name                    |
        | as a user with a second factor         |
        | as a user with a temporary password    |
      Then the right proof was taken, and nothing else
