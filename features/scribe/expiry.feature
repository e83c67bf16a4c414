@judge:vendor
Feature: Scribe Labs renews tokens

  Rule: While you have a valid refresh token, you can request fresh access and id tokens with it

    @id:VEN-14 @must
    Scenario: A refresh gives fresh tokens without a password
      Given the user has signed in
      When the user refreshes
      Then the refresh gave fresh access and id tokens

  Rule: The refresh token is valid for 30 days

    @id:REF-10 @must
    Scenario: A refresh token works for 30 days and not longer
      Given the user signed in 719 hours ago
      When the user refreshes
      And 2 hours have passed
      And the user refreshes again
      Then the refresh token works before its 30 days are over and not after
