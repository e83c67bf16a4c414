@judge:vendor @needs:login @needs:sample
Feature: Any vendor's tokens end

  Rule: An expired token is answered with 401

    @id:VEN-09 @must @needs:bearer
    Scenario: An expired token is answered with 401
      Given the API has accepted the caller's token
      When the token's lifetime and 6 minutes more have passed
      And the caller calls the API with the ended token
      Then the expired token is answered as documented

  Rule: A token lives as long as expires_in says

    @id:RSP-08 @must @needs:seconds
    Scenario: A token lives expires_in seconds and not longer
      Given the caller has logged in
      When 90 percent of the token's lifetime has passed
      And the caller calls the API
      And the token's lifetime and 5 minutes more have passed
      And the caller calls the API
      Then the token lived as long as the reply said and not longer

    @id:VEN-26 @must @needs:milliseconds @needs:bearer
    Scenario: A token lives expires_in milliseconds and not longer
      Given the caller has logged in
      When 90 percent of the token's lifetime has passed
      And the caller calls the API
      And the token's lifetime and 5 minutes more have passed
      And the caller calls the API
      Then the token lived as long as the reply said and not longer

  Rule: A token works until its announced end

    @id:BRR-26 @must @needs:seconds @needs:bearer
    Scenario: A token that tells seconds is used until its end
      Given each kind of token has been accepted
      When each of them is used again, at once and a few seconds later
      And 98 percent of their lifetime has passed
      And each of them is used once more, and new ones after that
      Then it worked each time

    @id:BRR-26 @must @needs:milliseconds @needs:bearer
    Scenario: A token that tells milliseconds is used until its end
      Given each kind of token has been accepted
      When each of them is used again, at once and a few seconds later
      And 98 percent of their lifetime has passed
      And each of them is used once more, and new ones after that
      Then it worked each time
