@judge:vendor
Feature: Scribe Labs takes no request that is no HTTP

  Rule: A page in a browser may call the pool (Fetch standard)

    @id:COG-33 @should
    Scenario: A preflight is answered
      Given the user has signed in
      When a page in a browser asks whether it may call the pool
      Then the page may send an operation

  Rule: A malformed head is answered with 400 (RFC 9112)

    @id:HTT-04 @must
    Scenario: A space stands between a header's name and its colon
      Given the user has signed in
      When the user signs in in each of these ways
        | with a space before a colon |
      Then the vendor answers it with 400

    @id:HTT-06 @must
    Scenario: No host, or two of them
      Given the user has signed in
      When the user signs in in each of these ways
        | without Host    |
        | with Host twice |
      Then the vendor answers each with 400
