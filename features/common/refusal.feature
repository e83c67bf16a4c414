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

    @id:BAS-10 @needs:password
    Scenario: A user who does not exist is refused as a wrong password is
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with another username |
        | with another password |
      Then the vendor answers both alike

  Rule: Basic is read as RFC 7617 has it

    @id:BAS-06 @needs:basic
    Scenario: Two ways of authentication are refused by name
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with the credentials in the body too |
      Then the vendor refuses it with 400 invalid_request

    @id:BAS-07 @needs:basic
    Scenario: The word Basic is read in any letter case
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with the scheme basic |
        | with the scheme BASIC |
      Then the vendor issues a token each time

    @id:BAS-08 @id:ERR-05 @needs:basic
    Scenario: A Basic value that cannot be read is refused
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with a Basic value that is not base64 |
        | with a Basic value without a colon    |
      Then the vendor refuses each of these logins with 400 or 401
