Feature: Corti's tokens end

  Rule: expires_in is the lifetime in seconds

    @judge:vendor @id:RSP-08 @must
    Scenario: A token lives expires_in seconds and not longer
      Given the caller has logged in and used its token a few seconds later
      When 90 percent of the token's lifetime has passed
      And the caller calls the API
      And the token's lifetime and 5 minutes more have passed
      And the caller calls the API
      Then the token lived as long as the reply said and not longer

  Rule: A token is refused on and after its exp

    @judge:vendor @id:JWT-07 @must
    Scenario: A token ends at its exp
      Given the API has accepted the caller's token
      When 100 percent of the token's lifetime has passed
      And the caller calls the API
      And the token's lifetime and 5 minutes more have passed
      And the caller calls the API with the ended token
      Then the token is refused from its exp on
