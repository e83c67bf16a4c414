@judge:vendor
Feature: Scribe Labs takes signed requests

  Rule: API requests need to be authenticated using AWS sigv4

    @id:SIG-01 @must
    Scenario: Correct signatures are accepted
      Given the user has credentials for signed calls
      When the user makes a signed call
      And the user makes each of these calls
        | with an encoded path                    |
        | with an unsorted query                  |
        | with a repeated parameter               |
        | with runs of spaces in a signed header |
        | with an encoded path after signing      |
      Then each correctly signed call is admitted

    @id:SIG-10 @must
    Scenario: What was changed after signing is refused
      Given the user has credentials for signed calls
      And a signed call has been served
      When the user makes each of these calls
        | with another method after signing        |
        | with another path after signing          |
        | with a query added after signing         |
        | with another body after signing          |
        | with a signed header changed after signing |
        | without the host in the signature        |
      Then the vendor refuses each of these signed calls

  Rule: In order to upload, access and delete data via the API, all requests must be authenticated

    @id:SIG-09 @must
    Scenario: Unsigned requests are refused
      Given the user has credentials for signed calls
      And a signed call has been served
      When the user makes each of these calls
        | unsigned GET    |
        | unsigned POST   |
        | unsigned DELETE |
      Then the vendor refuses each of these signed calls
