@judge:vendor
Feature: Corti refreshes the tokens of people

  Rule: An invalid or expired refresh token is answered with 400 invalid_grant

    @id:REF-02 @must
    Scenario: A refresh token that nobody issued gives nothing
      Given a person has logged in
      When the token is refreshed in each of these ways
        | with refresh_token never-issued-0123456789                 |
        | with a beginning of the refresh token                      |
        | with a letter behind the refresh token                     |
        | with the refresh token in other letter case                |
        | with the access token for a refresh token                  |
        | with another first letter of the refresh token's signature |
        | with another letter amid the refresh token's signature     |
        | with another last letter of the refresh token              |
        | with half of the refresh token's signature                 |
        | without the refresh token's signature                      |
        | with one more claim in the refresh token                   |
        | with a later end of the refresh token                      |
        | with alg none for the refresh token's signature            |
      And the caller refreshes the token
      Then the vendor refuses each of these with 400 invalid_grant

    @id:REF-02 @must
    Scenario: A refresh token that has ended gives nothing
      Given a person has logged in
      When the caller refreshes the token
      And the refresh token has ended and is used again
      Then the vendor refuses it with 400 invalid_grant

  Rule: A refresh is of the client that holds the token, and grants no more than the login

    @id:REF-12 @must
    Scenario: A refresh without the client's secret gives nothing
      Given a person has logged in
      When the token is refreshed in each of these ways
        | without the client secret             |
        | with another client secret            |
        | with a beginning of the client secret |
      And the caller refreshes the token
      Then the vendor refuses each of these refreshes

    @id:REF-13 @must
    Scenario: A refresh by another client gives nothing
      Given a person has logged in
      When the token is refreshed in each of these ways
        | by another client |
      And the caller refreshes the token
      Then the vendor refuses another client

    @id:REF-20 @must
    Scenario: A refresh at another tenant's token endpoint gives nothing
      Given a person has logged in
      When the token is refreshed in each of these ways
        | by a client of another tenant |
      And the caller refreshes the token
      Then the vendor refuses the other tenant's client

    @id:REF-04 @id:REF-17 @id:REF-19 @must @should
    Scenario: A refresh goes on with the login
      Given a person has logged in
      And a moment has passed
      When the caller refreshes the token
      And the token is refreshed in each of these ways
        | with scope openid transcribe |
      Then the new tokens are of the same person, client and login, and may no more than the first

  Rule: Where refresh tokens rotate, a replaced one is a sign of theft

    @id:REF-14 @should
    Scenario: The replay of a replaced refresh token ends the newest one
      Given a person has logged in where refresh tokens rotate
      And the caller has refreshed with the token of the reply
      When the replaced refresh token is used again, a moment later
      And it is used again 65 seconds later where it was taken
      And the caller refreshes with the token of the reply
      Then neither gives tokens

    @id:REF-15 @should
    Scenario: Of refreshes that arrive together one at most leads on
      Given a person has logged in where refresh tokens rotate
      And a replaced refresh token has been refused
      And a person has logged in
      When refreshes with one token arrive at once
      Then at most one refresh token works afterwards
