Feature: Pattern Health tokens end

  Rule: Using an expired token will result in a 401 Unauthorized status code from the API

    @judge:vendor @id:VEN-09 @must
    Scenario: An expired token is answered with 401
      Given the API has accepted the caller's token
      When the token's lifetime and 6 minutes more have passed
      And the caller calls the API with the ended token
      Then the expired token is answered as documented

  Rule: expires_in counts milliseconds

    @judge:vendor @id:VEN-26 @must @id:RSP-08 @must
    Scenario: A token lives expires_in milliseconds and not longer
      Given the caller has logged in and used its token a few seconds later
      When 90 percent of the token's lifetime has passed
      And the caller calls the API
      And the token's lifetime and 5 minutes more have passed
      And the caller calls the API
      Then the token lived as long as the reply said and not longer
