@judge:vendor
Feature: Athelas issues tokens

  Rule: The documented login request with valid credentials gives a token

    @id:VEN-16 @must @id:BCP-01
    Scenario: A documented login gives a token
      When the caller logs in
      And a refused login is tried in each of these ways
        | as JSON                                      |
        | with a form that has spaces as %20           |
        | with a form in ISO 8859-1                    |
        | with credentials that are form-encoded twice |
      Then the vendor issued a token

  Rule: Upon successful authentication, you'll receive a JWT token

    @id:VEN-01 @must
    Scenario: The token reply is as the page shows it
      When the caller logs in
      Then the token reply has the members of the page and no others
      And expires_in, if the reply has it, agrees with the token

    @id:VEN-02 @must
    Scenario: The access token is a JWT
      When the caller logs in
      Then the access token is a JWT

    @id:VEN-65 @must
    Scenario: The header of the token is the one of the page
      When the caller logs in
      Then the token's first part is the one that the page shows

  Rule: Both the username and the password are required

    @id:TOK-18 @must @id:ERR-20 @should
    Scenario: Half a credential gives no token
      Given the caller has logged in
      When the caller logs in in each of these ways
        | without the username |
        | without the password |
      Then the vendor refuses each of these logins with 4xx

  Rule: The OAuth2 password flow is used

    @id:TOK-15 @must
    Scenario: The grant type of the password flow is taken
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with grant_type password |
      Then the vendor issues a token each time

    @id:TOK-29 @should
    Scenario: Another grant type is not taken
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with grant_type client_credentials |
        | with grant_type locum              |
      Then the vendor refuses each of these logins

  Rule: If you receive a 401 Unauthorized response, verify that your username and password are correct

    @id:VEN-04 @id:ERR-07 @id:ERR-12 @id:ERR-19 @must @id:BAS-10 @should
    Scenario: A wrong username or password is answered with 401
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with another username                        |
        | with another password                        |
        | with the password in other letter case       |
        | with the password altered in its last letter |
        | with a beginning of the password             |
        | with a blank behind the password             |
      Then the vendor refuses each of these logins with 401; another 4xx is tolerated
      And no reply repeats a secret or token of its request

    @id:VEN-04 @must
    Scenario: A password that is nearly right is wrong
      Given leave to try further wrong passwords
      And the caller has logged in
      When the caller logs in in each of these ways
        | with the password altered in its first letter |
        | with a blank in front of the password         |
        | with a NUL behind the password                |
        | with the account's name for its secret        |
        | with the secret of another account            |
      Then the vendor refuses each of these logins with 401; another 4xx is tolerated

  Rule: Verify that your service account is active and has API access enabled

    @id:VEN-19 @must
    Scenario: An account that is off gives no token
      Given the caller has logged in
      When the caller logs in as each of these accounts
        | the inactive account           |
        | the account without API access |
      Then the vendor refuses each of these logins with 401

  Rule: Simply request a new token using the authentication endpoint

    @id:RSP-13 @should
    Scenario: No refresh token comes with the token
      When the caller logs in
      Then the token reply has no refresh_token

    @id:VEN-24 @must
    Scenario: A second login gives a token that outlives the first
      Given the API has accepted the caller's token
      When 50 percent of the token's lifetime has passed
      And the caller logs in again
      And 95 percent of the token's lifetime has passed
      And the caller calls the API with the new token
      Then each login gave a token that works for its full lifetime
