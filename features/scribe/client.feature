@judge:client
Feature: A client of Scribe Labs

  Rule: With the documented replies the client logs in and completes an API call

    @id:CLI-29 @must
    Scenario: The client signs in and calls
      When the client makes 2 calls in turn
      Then the client logged in and its calls were served

  Rule: The client reuses a token within its lifetime

    @id:CACHE-01 @must
    Scenario: Five calls take one sign-in
      When the client makes 5 calls in turn
      Then the calls took one token request

    @id:SF-01 @must
    Scenario: Twenty first calls at once take one sign-in
      Given the vendor takes 150 milliseconds to issue a token
      When the client makes 20 calls at once
      Then the calls took one token request

  Rule: The client logs in, gets an identity and credentials, and only then calls the API

    @id:COG-16 @must
    Scenario: The steps of a login come in their order
      When the client makes 1 call
      Then the client signed in, got an identity and credentials, and then called the API

    @id:COG-11 @must
    Scenario: The identity pool gets the id token
      When the client makes 1 call
      Then the client named the user pool and showed the id token

  Rule: API requests need to be authenticated using AWS sigv4

    @id:SIG-01 @must
    Scenario: A read and an upload are signed
      When the client makes 1 call
      And the client posts {"filetype":"pdf","filename":"a.pdf"} to /tasks
      Then the client's signatures agree with what the vendor received

  Rule: You won't be able to access anything else until the temporary password has been changed

    @id:COG-01 @must
    Scenario: An open challenge is answered before anything else
      Given the client's account has a temporary password
      When the client makes 2 calls in turn
      Then the client asked for nothing with the challenge open

    @id:COG-14 @must
    Scenario: A new password answers the challenge
      Given the client's account has a temporary password
      When the client makes 1 call
      And the client changes the password
      Then the client answered the challenge with USERNAME and NEW_PASSWORD

  Rule: With the refresh token you're not sending your username and password over the wire anymore

    @id:COG-02 @should
    Scenario: Tokens are renewed without the password
      Given the client has made 1 call
      When 61 minutes have passed
      And the client's clock runs 3660 seconds ahead and it calls again
      Then the client renewed with the refresh token and sent the password once

  Rule: Revoking the refresh token also invalidates any access or id token issued with it

    @id:COG-06 @must
    Scenario: Nothing of a revoked login is used
      Given the client has made 1 call
      When the client revokes what it holds
      And the client makes 1 call
      Then the client used no token of the revoked login

    @id:REV-09 @should
    Scenario: The newest refresh token is the one that is revoked
      Given the vendor's setting rotate_refresh is true
      And the client has made 1 call
      When 61 minutes have passed
      And the client's clock runs 3660 seconds ahead and it calls again
      And the client revokes what it holds
      Then the client revoked the newest refresh token, once

  Rule: A signature names the time, the region, the service and the session token

    @id:SIG-02 @must
    Scenario: Signatures stay right past midnight
      Given the vendor's setting credentials_ttl_s is 172800
      And the client has made 1 call
      When 1440 minutes have passed
      And the client's clock runs 86400 seconds ahead and it calls again
      Then each signature has the vendor's date, scope and session token
