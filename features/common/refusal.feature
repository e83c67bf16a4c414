@judge:vendor @vendor:athelas @vendor:pattern @vendor:corti
Feature: The token endpoint refuses as OAuth 2.0 has it

  Rule: A refusal is JSON with a registered code, and no cache keeps it

    @id:ERR-01 @id:ERR-02 @id:ERR-03 @id:ERR-09 @id:ERR-11 @needs:client_credentials
    Scenario: What refusals of a client look like
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with grant_type locum |
        | without grant_type    |
        | without credentials   |
      Then each refusal is a JSON object with a registered error code that no cache keeps

    @id:ERR-02 @id:ERR-11 @needs:password
    Scenario: What refusals of a user look like
      Given the caller has logged in
      When the caller logs in in each of these ways
        | without the password |
        | without credentials  |
      Then each refusal is a JSON object that no cache keeps

    @id:ERR-06
    Scenario: A login without credentials is refused as one of an unknown client
      Given the caller has logged in
      When the caller logs in in each of these ways
        | without credentials |
      Then the vendor refuses it with invalid_client

    @id:BAS-10 @needs:client_credentials
    Scenario: A client that does not exist is refused as a wrong secret is
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with another client id     |
        | with another client secret |
      Then the vendor answers both alike

  Rule: An unknown grant is refused by name

    @id:TOK-10 @needs:client_credentials
    Scenario: A grant that nobody knows
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with grant_type locum              |
        | with grant_type CLIENT_CREDENTIALS |
        | with grant_type client             |
      Then the vendor refuses each of these logins with 400 unsupported_grant_type

    @id:TOK-10 @needs:client_credentials
    Scenario: The word of another grant does not stand for this one
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with a blank behind the grant type |
        | with grant_type password           |
        | with grant_type refresh_token      |
        | with grant_type authorization_code |
      Then the vendor refuses each of these logins

  Rule: Credentials count where they belong

    @id:BAS-04
    Scenario: Credentials in the URL give no token
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with the credentials in the query |
      Then the vendor refuses it

    @id:BAS-14
    Scenario: A Bearer token does not stand for the client
      Given the API has accepted the caller's token
      When the caller logs in in each of these ways
        | with a Bearer token for credentials |
        | with the scheme Bearer              |
      Then the vendor refuses each with 400 or 401

    @id:TOK-28
    Scenario: The form does not name another client than the header
      Given tokens that tell their client, where the vendor can issue them
      And another client has logged in with a Basic header
      When the caller logs in in each of these ways
        | with the credentials in a Basic header         |
        | with Basic of one client and the id of another |
      Then the vendor gives no token of the other client

  Rule: Basic is read as RFC 7617 has it

    @id:BAS-06
    Scenario: Two ways of authentication are refused by name
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with the credentials in the body too |
      Then the vendor refuses it with 400 invalid_request

    @id:BAS-07
    Scenario: The word Basic is read in any letter case
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with the credentials in a Basic header |
        | with the scheme basic                  |
        | with the scheme BASIC                  |
      Then the vendor issues a token each time

    @id:BAS-08
    Scenario: A Basic value that cannot be read is refused
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with a Basic value that is not base64 |
        | with a Basic value without a colon    |
      Then the vendor refuses each of these logins with 400 or 401

    @id:BAS-09
    Scenario: A secret may have a colon
      Given the caller has logged in
      And the client's secret has a colon
      When the caller logs in in each of these ways
        | with the credentials in a Basic header |
      Then the vendor issues a token

    @id:BAS-02
    Scenario: The spelling of a Basic header
      Given the client's secret has characters that encodings change
      When the caller logs in in each of these ways
        | with a raw Basic header          |
        | with a form-encoded Basic header |
      Then the spellings that are taken are reported

    @id:BAS-13
    Scenario: Ways of client authentication
      When the caller reads the vendor's metadata
      Then the ways that the metadata names are reported
