@judge:vendor
Feature: Corti issues tokens

  Rule: The documented login request with valid credentials gives a token

    @id:VEN-16 @must
    Scenario: A documented login gives a token
      When the caller logs in
      And a refused login is tried in each of these ways
        | with the credentials in a Basic header       |
        | with a form-encoded Basic header             |
        | as JSON                                      |
        | with a form that has spaces as %20           |
        | with a form in ISO 8859-1                    |
        | with credentials that are form-encoded twice |
      Then the vendor issued a token

  Rule: The token reply contains access_token and expires_in 300

    # Keycloak says 299 when the second turns while the reply is made.
    @id:VEN-12 @must
    Scenario: A token is for five minutes
      When the caller logs in
      Then the token reply tells the documented lifetime

  Rule: The token reply has the seven members of the sample

    @id:VEN-15 @must
    Scenario: The token reply is as the page shows it
      When the caller logs in
      Then the token reply has the members of the sample

    @id:VEN-15 @must
    Scenario: Without openid there is no id token
      Given the caller has logged in
      When the caller logs in in each of these ways
        | without scope |
      Then the reply to the login without scope has no id_token

    @id:RSP-13 @should
    Scenario: A client credentials reply carries no refresh token
      When the caller logs in
      Then the token reply has no refresh_token

  Rule: A wrong client id is answered with invalid_client and a wrong secret with unauthorized_client

    @id:VEN-22 @should
    Scenario: A wrong client id is an invalid client
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with another client id                  |
        | with the client id in other letter case |
        | with a blank behind the client id       |
        | with an empty client id                 |
        | without the client id                   |
      Then the vendor refuses each of these logins with 401 invalid_client

    @id:VEN-22 @should
    Scenario: A wrong secret is an unauthorized client
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with another client secret                  |
        | with a beginning of the client secret       |
        | with the client secret in other letter case |
        | with the client secret altered in its first letter |
        | with the client secret altered in its last letter  |
        | with a blank behind the client secret              |
        | with an empty client secret                 |
        | without the client secret                   |
        | with the secret of another client           |
      Then the vendor refuses each of these logins with 401 unauthorized_client

  Rule: Failed Basic authentication is answered with 401

    @id:ERR-04 @id:ERR-05 @id:BAS-01 @must
    Scenario: A wrong secret in a Basic header gets nothing, and the right one a token
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with the credentials in a Basic header                 |
        | with another client secret in a Basic header           |
        | with a beginning of the client secret in a Basic header |
        | with the client secret altered in its last letter in a Basic header |
        | with a blank behind the client secret in a Basic header |
        | with the client secret in other letter case in a Basic header |
      Then the vendor accepts Basic and refuses each of the wrong secrets

  Rule: A client that may not use the grant is refused by name

    @id:TOK-11 @must
    Scenario: A public client gets no token of its own
      Given the caller has logged in
      When the caller logs in as each of these accounts
        | the public client |
      Then the vendor refuses it with unauthorized_client

  Rule: What was granted is told, and nothing else

    @id:RSP-16 @must
    Scenario: The reply names the scope where it is not the one that was asked for
      When the caller logs in
      Then the reply names the granted scope

    @id:TOK-26 @should
    Scenario: Two scopes with a plus sign or an escape between them
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with scope openid email                    |
        | with scope openid email with spaces as %20 |
      Then the vendor issues the same kind of token

    @id:ERR-08 @must
    Scenario: A scope that nobody knows is not granted
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with scope openid locum-unknown |
      Then the vendor refuses it with 400 invalid_scope, or grants what there is of it

  Rule: Faults are reported in an order of the vendor's own

    @id:VEN-23 @may
    Scenario: Two faults at once, and a realm that does not exist
      Given the caller has logged in
      When the caller logs in in each of these ways
        | without grant_type, and with another client secret     |
        | with grant_type locum, and with another client secret  |
        | with grant_type twice, and with another client secret  |
        | for a tenant that does not exist                       |
      Then the faults that are told are reported

  Rule: The token endpoint of a tenant that does not exist gives no token

    @id:VEN-31 @must
    Scenario: Nobody gets a token of a tenant that does not exist
      Given the caller has logged in
      When the caller logs in in each of these ways
        | for a tenant that does not exist   |
        | for the tenant in other letter case |
      Then the vendor refuses each of these logins

  Rule: Further grants for individual users are offered by agreement

    @id:VEN-30 @may
    Scenario: The metadata names the grants
      When the caller reads the vendor's metadata
      Then the grants that the metadata names are reported
