@judge:vendor @vendor:athelas @vendor:pattern @vendor:corti
Feature: The token endpoint speaks OAuth 2.0

  Rule: A token reply is JSON that no cache keeps, with the members of RFC 6749

    @id:RSP-01 @id:RSP-02 @id:RSP-03 @id:RSP-06 @id:RSP-09 @id:RSP-10 @id:RSP-14 @id:RSP-15 @id:RSP-19
    Scenario: The reply to a documented login
      When the caller logs in
      Then the reply is JSON that no cache keeps, with a token, its type and its lifetime

  Rule: The method is POST and the body a form

    @id:TOK-02 @id:HTT-02
    Scenario: Other methods give no token
      Given the caller has logged in
      When the caller logs in in each of these ways
        | by GET    |
        | by PUT    |
        | by DELETE |
        | by GET, and with everything in the query |
      Then the vendor gives no token, and a 405 lists the methods

    @id:TOK-04
    Scenario: A body that does not say that it is a form gives no token
      Given the caller has logged in
      When the caller logs in in each of these ways
        | as JSON                          |
        | with the content type text/plain |
        | without a content type           |
      Then the vendor refuses each, JSON with 400 invalid_request

    @id:TOK-06
    Scenario: The media type is read in any letter case and with a parameter
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with the content type Application/X-WWW-Form-Urlencoded                |
        | with the content type application/x-www-form-urlencoded; charset=UTF-8 |
      Then the vendor issues a token each time

  Rule: Parameters are read as RFC 6749 has them

    @id:TOK-08
    Scenario: A login without a grant type is refused by name
      Given the caller has logged in
      When the caller logs in in each of these ways
        | without grant_type |
      Then the vendor refuses it with 400 invalid_request

    @id:TOK-13
    Scenario: A parameter that occurs twice is refused by name
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with grant_type twice |
      Then the vendor refuses it with 400 invalid_request

    @id:TOK-14 @needs:password
    Scenario: A password without a value is none
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with an empty password   |
        | without the password     |
        | with an empty grant type |
      Then the vendor answers both alike

    @id:TOK-14 @needs:client_credentials
    Scenario: A parameter without a value is none
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with an empty grant type |
        | without grant_type       |
      Then the vendor answers both alike

    @id:TOK-15
    Scenario: A parameter that nobody knows is ignored
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with a parameter that nobody knows |
      Then the vendor issues a token each time

    @id:TOK-26 @needs:several_parameters
    Scenario: The order of the parameters makes no difference
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with the parameters in the opposite order |
      Then the vendor issues the same kind of token

    @id:TOK-26
    Scenario: Neither does the place of a parameter that nobody knows, nor how its spaces are written
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with a parameter that nobody knows          |
        | with a parameter that nobody knows in front |
        | with the raw parameter x_locum=a+b          |
        | with the raw parameter x_locum=a%20b        |
      Then the vendor issues the same kind of token

    @id:HTT-10
    Scenario: A broken escape in a form is no reason to fail
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with the raw parameter x=%zz     |
        | with the raw parameter x=%       |
        | with the raw parameter x=%ff     |
        | with the raw parameter x=%c0%af  |
      Then the vendor answers each with 2xx or 4xx
