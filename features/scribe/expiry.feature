@judge:vendor
Feature: Scribe Labs renews tokens

  Rule: While you have a valid refresh token, you can request fresh access and id tokens with it

    @id:VEN-14 @must
    Scenario: A refresh gives fresh tokens without a password
      Given the user has signed in
      And a moment has passed
      When the user refreshes
      And a moment has passed
      And the user refreshes once more
      Then each refresh gave fresh access and id tokens

    @id:VEN-14 @must
    Scenario: A refresh is asked for by the flow's other name
      Given the user has signed in
      And a moment has passed
      When the user refreshes
      And a moment has passed
      And the user refreshes in each of these ways
        | by the flow REFRESH_TOKEN |
      Then both names give fresh access and id tokens

    @id:VEN-28 @id:REF-17 @id:REF-04 @may @must
    Scenario: A refresh goes on with the login
      Given the user has signed in
      And a moment has passed
      When the user refreshes
      And the user refreshes in each of these ways
        | with scope locum/everything |
      Then the new tokens are of the same user, client and login, and may no more than the first

    @id:VEN-28 @may
    Scenario: The facts of an identity pool
      Given the user has credentials for signed calls
      When the user asks for credentials in each of these ways
        | for an identity that does not exist |
      Then the name of the refusal is reported

    @id:REF-02 @must
    Scenario: A refresh token that nobody issued gives nothing
      Given the user has signed in
      When the user refreshes in each of these ways
        | with refresh_token never-issued-0123456789  |
        | with a beginning of the refresh token       |
        | with a letter behind the refresh token      |
        | with the refresh token in other letter case |
        | with the access token for a refresh token   |
      And the user refreshes
      Then the vendor refuses each of these refreshes

    @id:REF-13 @must
    Scenario: A refresh token is worth nothing in the hands of another client
      Given another client of the pool has signed the user in
      And the user has signed in
      When the user refreshes in each of these ways
        | by another client |
      And the user refreshes
      Then the vendor refuses another client

    @id:REF-05 @should
    Scenario: A refresh token that was used is used again after a minute
      Given the user has signed in
      When the user refreshes
      And 65 seconds have passed
      And the user refreshes again
      And the user refreshes with the token of the reply
      Then it is reported whether refresh tokens rotate

  Rule: The refresh token is valid for 30 days

    @id:REF-10 @must
    Scenario: A refresh token works for 30 days and not longer
      Given the user signed in 719 hours ago
      When the user refreshes
      And 2 hours have passed
      And the user refreshes again
      Then the refresh token works before its 30 days are over and not after
