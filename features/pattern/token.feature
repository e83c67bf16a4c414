@judge:vendor
Feature: Pattern Health issues tokens

  Rule: The documented login request with valid credentials gives a token

    @id:VEN-16 @id:BAS-01 @must
    Scenario: A documented login gives a token
      When the caller logs in
      And a refused login is tried in each of these ways
        | with a form-encoded Basic header              |
        | with the credentials in the body              |
        | as JSON                                       |
        | as JSON, and with the credentials in the body |
      Then the vendor issued a token

  Rule: The reply has an access token, its lifetime as a number, and the type bearer

    @id:VEN-07 @must
    Scenario: The token reply is as the page shows it
      When the caller logs in
      Then the token reply has the members of the page
      And expires_in is a span, not a date

    @id:RSP-13 @should
    Scenario: A client credentials reply carries no refresh token
      When the caller logs in
      Then the token reply has no refresh_token

  Rule: Both the client id and the client secret are required

    @id:VEN-17 @must
    Scenario: Half a credential gives no token
      Given the caller has logged in
      When the caller logs in in each of these ways
        | without credentials                        |
        | without the client id                      |
        | without the client secret                  |
        | with an empty client id                    |
        | with an empty client secret                |
        | with another client id                     |
        | with another client secret                 |
        | with a beginning of the client secret      |
        | with the client secret in other letter case |
        | with the client secret altered in its first letter |
        | with the client secret altered in its last letter  |
        | with a blank behind the client secret              |
        | with a blank in front of the client secret         |
        | with a NUL behind the client secret                |
        | with a colon behind the client secret              |
        | with the account's name for its secret             |
        | with the client id in other letter case            |
        | with a blank behind the client id                  |
        | with the id alone in the body                      |
      Then the vendor refuses each of these logins

    @id:VEN-17 @must
    Scenario: The secret of another client is none of this one
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with the secret of another account |
      Then the vendor refuses it

    @id:ERR-04 @id:ERR-05 @must
    Scenario: A wrong secret in a Basic header is answered with 401
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with another client secret            |
        | with a beginning of the client secret |
      Then the vendor refuses each of these logins with 401

  Rule: A client that may not use the grant is refused by name

    @id:TOK-11 @must
    Scenario: A client that may not use client_credentials
      Given the caller has logged in
      When the caller logs in as each of these accounts
        | the barred client |
      Then the vendor refuses it with 400 unauthorized_client

  Rule: A new token can be retrieved with the same credentials

    @id:VEN-24 @must
    Scenario: A second login gives a token that outlives the first
      Given the API has accepted the caller's token
      When 50 percent of the token's lifetime has passed
      And the caller logs in again
      And 95 percent of the token's lifetime has passed
      And the caller calls the API with the new token
      Then each login gave a token that works for its full lifetime

  Rule: Nobody guesses a token

    @id:RSP-24 @must
    Scenario: Opaque access tokens have room for 128 bits
      When the caller logs in many times
      Then no part of a token can be told from those before it
