@judge:vendor
Feature: Scribe Labs revokes refresh tokens

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
