@judge:vendor @vendor:athelas @vendor:pattern @vendor:corti
Feature: Vendors take no request that is no HTTP

  Rule: A malformed head is answered with 400 (RFC 9112)

    @id:HTT-04
    Scenario: A space stands between a header's name and its colon
      Given the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | with a space before a colon |
      Then the vendor answers it with 400

    @id:HTT-05
    Scenario: A space stands in the request line
      Given the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | with x=a b                     |
        | with a raw space in the target |
      Then the vendor answers the second with 400 or closes the connection

    @id:HTT-06
    Scenario: No host, or two of them
      Given the API has accepted the caller's token
      When the caller calls the API in each of these ways
        | without Host    |
        | with Host twice |
      Then the vendor answers each with 400
