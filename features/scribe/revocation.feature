@judge:vendor
Feature: Scribe Labs revokes refresh tokens

  # Before the others: a vendor where a revocation ends too much leaves them nothing to look at.
  Rule: A revocation ends one login

    @id:REV-10 @must
    Scenario: A revocation leaves other logins alone
      Given the user has signed in twice
      And each login has been used
      When the user revokes the refresh token of the first login
      And each login is used again
      Then the second login goes on

  Rule: This will also invalidate any access or id token that has been issued with it

    @id:REV-04 @must
    Scenario: The tokens of a login end with its refresh token
      Given the user has signed in
      And the user has refreshed
      And each token of the login has been used
      When the user revokes the refresh token
      And each token of the login is used again
      Then the tokens that worked before work no more

  Rule: In order to get a new one, you'll need to use your username and password again

    @id:REV-11 @must
    Scenario: After a revocation only a password gives tokens
      Given the user has signed in and refreshed
      When the user revokes the refresh token
      And the user refreshes after the revocation
      And the user signs in again
      Then the refresh token gives nothing, and the password gives a new one

  Rule: ClientId is the client where the token was issued

    @id:COG-34 @should
    Scenario: Another client ends no login
      Given the user has signed in
      And each login has been used
      When another client revokes the refresh token
      And each login is used again
      And the user revokes the refresh token
      Then the login went on until its own client ended it

  Rule: A revocation may be repeated

    @id:REV-03 @id:REV-08 @must @may
    Scenario: Revocations of what is revoked, unknown or of another kind
      Given the user has signed in
      When the user revokes the refresh token
      And the user revokes in each of these ways
        | again                         |
        | of a token that nobody issued |
        | of a token of another kind    |
      Then an unknown and a revoked token are answered with 200

  Rule: GetUser tells name and attributes of the user of an access token

    @id:VEN-78 @must
    Scenario: The user of the access token is told
      Given the user has signed in
      And each login has been used
      Then GetUser tells that user

  Rule: GlobalSignOut invalidates the tokens that were issued to a user

    @id:REV-15 @must
    Scenario: A sign-out ends all logins
      Given the user has signed in twice
      And each login has been used
      When the user signs out of all logins
      And each login is used again
      Then no login goes on
