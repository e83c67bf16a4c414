@judge:vendor @needs:refresh
Feature: Any vendor's refresh tokens

  Rule: An invalid refresh token is answered with 400 invalid_grant

    @id:REF-02 @must
    Scenario: A refresh token that nobody issued buys nothing
      Given the caller has logged in
      When the token is refreshed in each of these ways
        | with refresh_token never-issued-0123456789 |
      And the caller refreshes the token
      Then the vendor refuses each of these with 400 invalid_grant

  Rule: A client that has a secret proves itself when it refreshes

    @id:REF-12 @must
    Scenario: A refresh without the client's secret buys nothing
      Given the caller has logged in
      When the token is refreshed in each of these ways
        | without the client secret             |
        | with another client secret            |
        | with a beginning of the client secret |
      And the caller refreshes the token
      Then the vendor refuses each of these refreshes

  Rule: A refresh token is bound to its client

    @id:REF-13 @must
    Scenario: Another client's refresh buys nothing
      Given the caller has logged in
      When the token is refreshed in each of these ways
        | by another client |
      And the caller refreshes the token
      Then the vendor refuses another client

  Rule: A refresh issues a new access token

    @id:REF-19 @should
    Scenario: A refresh gives another access token
      Given the caller has logged in
      And a moment has passed
      When the caller refreshes the token
      Then its access token is another one than before
