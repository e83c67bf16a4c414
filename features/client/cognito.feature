@judge:client @vendor:scribe
Feature: A client of a user pool

  Rule: The client logs in, gets an identity and credentials, and only then calls the API

    @id:COG-16 @documented
    Scenario: The steps of a login come in their order
      When the client makes 1 call
      Then the client signed in, got an identity and credentials, and then called the API

    @id:COG-11
    Scenario: The identity pool gets the id token
      When the client makes 1 call
      Then the client named the user pool and showed the id token

  Rule: You won't be able to access anything else until the temporary password has been changed

    @id:COG-01
    Scenario: An open challenge is answered before anything else
      Given the client's account has a temporary password
      When the client makes 2 calls in turn
      Then the client asked for nothing with the challenge open

    @id:COG-14
    Scenario: A new password answers the challenge
      Given the client's account has a temporary password
      When the client makes 1 call
      And the client changes the password
      Then the client answered the challenge with USERNAME and NEW_PASSWORD

  Rule: With the refresh token you're not sending your username and password over the wire anymore

    @id:COG-02 @documented
    Scenario: Tokens are renewed without the password
      Given the client has made 1 call
      When 61 minutes have passed
      And the client's clock runs 3660 seconds ahead and it calls again
      Then the client renewed with the refresh token and sent the password once

  Rule: Revoking the refresh token also invalidates any access or id token issued with it

    @id:COG-06
    Scenario: Nothing of a revoked login is used
      Given the client has made 1 call
      When the client revokes what it holds
      And the client makes 1 call
      Then the client used no token of the revoked login

    @id:REV-09 @documented
    Scenario: The newest refresh token is the one that is revoked
      Given the vendor's setting rotate_refresh is true
      And the client has made 1 call
      When 61 minutes have passed
      And the client's clock runs 3660 seconds ahead and it calls again
      And the client revokes what it holds
      Then the client revoked the newest refresh token, once
