@judge:vendor @needs:login
Feature: Any vendor's token endpoint

  Rule: The documented login request with valid credentials gives a token

    @id:VEN-16 @must
    Scenario: A documented login gives a token
      When the caller logs in
      And a refused login is tried in each of these ways
        | with the credentials in a Basic header        |
        | with a form-encoded Basic header              |
        | with the credentials in the body              |
        | as JSON                                       |
        | as JSON, and with the credentials in the body |
        | with a form that has spaces as %20            |
        | with a form in ISO 8859-1                     |
        | with credentials that are form-encoded twice  |
      Then the vendor issued a token

    @id:BAS-01 @must @needs:basic
    Scenario: A client with a secret may use Basic
      When the caller logs in
      Then the vendor issued a token

  Rule: A client credentials reply carries no refresh token unless it was enabled

    @id:RSP-13 @should @needs:client_credentials
    Scenario: A client credentials reply carries no refresh token
      When the caller logs in
      Then the token reply has no refresh_token

  Rule: Without the client id or without the secret no token is issued

    @id:VEN-17 @must @needs:client_credentials
    Scenario: Half a credential gives no token
      Given the caller has logged in
      When the caller logs in in each of these ways
        | without credentials                         |
        | without the client id                       |
        | without the client secret                   |
        | with an empty client id                     |
        | with an empty client secret                 |
        | with another client id                      |
        | with another client secret                  |
        | with a beginning of the client secret       |
        | with the client secret in other letter case |
      Then the vendor refuses each of these logins

    @id:TOK-18 @must @needs:password
    Scenario: Half a password login gives no token
      Given the caller has logged in
      When the caller logs in in each of these ways
        | without the username     |
        | without the password     |
        | with an empty username   |
        | with an empty password   |
      Then the vendor refuses each of these logins

    @id:ERR-04 @must @needs:basic
    Scenario: A wrong secret in a Basic header is answered with 401
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with another client secret            |
        | with a beginning of the client secret |
      Then the vendor refuses each of these logins with 401

  Rule: An unknown grant is refused by name

    @id:TOK-10 @must
    Scenario: An unknown grant is refused by name
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with grant_type locum              |
        | with grant_type CLIENT_CREDENTIALS |
      Then the vendor refuses each of these logins with 400 unsupported_grant_type

  Rule: The same credentials give a new working token as often as they are used

    @id:VEN-24 @must @needs:bearer @needs:sample
    Scenario: A second login gives a token that outlives the first
      Given the API has accepted the caller's token
      When 50 percent of the token's lifetime has passed
      And the caller logs in again
      And 95 percent of the token's lifetime has passed
      And the caller calls the API with the new token
      Then each login gave a token that works for its full lifetime
