@judge:vendor @vendor:athelas @vendor:pattern @vendor:corti
Feature: The API takes bearer tokens as RFC 6750 has them

  Rule: The challenge says what is wanted

    @id:BRR-10 @id:BRR-11 @id:BRR-13 @id:BRR-16 @id:HTT-12 @id:HTT-13
    Scenario: A call without a token, and one with a token that nobody issued
      Given the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | without a token       |
        | with an unknown token |
      Then each 401 has a Bearer challenge with a parameter, and no error where there was no token

    @id:BRR-12
    Scenario: A token that was tampered with is refused
      Given the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | with an unknown token                        |
        | with a letter added to the token             |
        | with the token's signature changed           |
        | with a letter of the token in the other case |
        | with a letter in front of the token          |
        | with the last letter of the token cut off    |
        | with the Authorization Bearer {token}.A      |
      Then the vendor refuses each of these calls with 401

    @id:BRR-15
    Scenario: A malformed header is refused
      Given the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | with the Authorization Bearer         |
        | with the Authorization Bearer:{token}   |
        | with the Authorization Bearer: {token}  |
        | with the Authorization Bearer Bearer {token} |
        | with the Authorization Bearer {token},x |
        | with the Authorization Bearer {token} x |
        | with a blank amid the token           |
        | with the bare token                   |
        | with the scheme Token                 |
        | with the token in quotes                |
        | with the login's credentials in a Basic header |
      Then the vendor refuses each of these calls with 400 or 401

    @id:BRR-20
    Scenario: Two headers are refused
      Given the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | with a bad header in front of the good one |
        | with a bad header behind the good one      |
      Then the vendor refuses each of these calls with 400 or 401

    @id:BRR-03
    Scenario: A token by two ways is refused
      Given the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | with the token in the query too |
      Then the vendor refuses it with 400

  Rule: A method that the API does not have is refused

    @id:HTT-02
    Scenario: A method of other protocols
      Given the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | by PROPFIND |
      Then a 405 lists the methods

  Rule: What makes no difference is taken

    @id:BRR-04
    Scenario: Two spaces behind the word Bearer
      Given the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | with two spaces after Bearer |
      Then the API accepts the token each time

    @id:BRR-05
    Scenario: The word Bearer in any letter case
      Given the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | with the scheme bearer |
        | with the scheme BEARER |
      Then the API accepts the token each time

    @id:HTT-03
    Scenario: Names of headers in any letter case
      Given the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | with header names in capitals      |
        | with header names in small letters |
      Then the API accepts the token each time

  Rule: A served reply is for its caller alone

    @id:BRR-22
    Scenario: A served call
      Given the API has accepted the caller's token
      When the caller calls the API
      Then the reply is not marked for shared caches

    @id:HTT-10
    Scenario: A broken escape in a query is no reason to fail
      Given the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | with the raw query x=%zz    |
        | with the raw query x=%      |
        | with the raw query x=%ff    |
        | with the raw query x=%c0%af |
      Then the vendor answers each with 2xx or 4xx
