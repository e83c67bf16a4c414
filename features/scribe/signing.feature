@judge:vendor
Feature: Scribe Labs takes signed requests

  Rule: API requests need to be authenticated using AWS sigv4

    @id:SIG-01 @must
    Scenario: Correct signatures are accepted
      Given the user has credentials for signed calls
      When the user makes a signed call
      And the user makes each of these calls
        | with an encoded path                   |
        | with an unsorted query                 |
        | with a repeated parameter              |
        | with runs of spaces in a signed header |
        | with an encoded path after signing     |
      Then each correctly signed call is admitted

    @id:SIG-10 @id:SIG-18 @must @should
    Scenario: What was changed after signing is refused
      Given the user has credentials for signed calls
      And a signed call has been served
      When the user makes each of these calls
        | with another method after signing             |
        | with another path after signing               |
        | with a query added after signing              |
        | presigned, with a query added after signing   |
        | with another body after signing               |
        | with a signed header changed after signing    |
        | with a second line of a signed header         |
        | with another host after signing               |
        | without the host in the signature             |
        | with another first character of the signature |
        | with another last character of the signature  |
        | with half a signature                         |
        | signed with another secret                    |
      Then the vendor refuses each of these signed calls

  Rule: In order to upload, access and delete data via the API, all requests must be authenticated

    @id:SIG-09 @id:SIG-18 @id:VEN-79 @must @should
    Scenario: Unsigned requests are refused
      Given the user has credentials for signed calls
      And a signed call has been served
      When the user makes each of these calls
        | unsigned GET                                                      |
        | unsigned POST                                                     |
        | unsigned DELETE                                                   |
        | unsigned GET of an unknown item                                   |
        | unsigned GET at the second API                                    |
        | with the access token for a signature                             |
        | with Bearer and the access token for a signature                  |
        | with the id token for a signature                                 |
        | with Bearer and the id token for a signature                      |
        | with the session token alone                                      |
        | unsigned GET with the access token in the query                   |
        | unsigned GET at the second API with the access token in the query |
      And the user makes each of these calls
        | of an unknown item                  |
        | that deletes an unknown item        |
        | signed, on a path that nobody knows |
      Then the vendor refuses each of the unsigned calls, and looks for nothing before it does

  Rule: The second API takes the access token alone

    @id:VEN-80 @must
    Scenario: Near misses of the access token at the second API
      Given the user has credentials for signed calls
      When the user makes each of these calls
        | at the second API with the access token alone        |
        | at the second API with the token's signature changed |
        | at the second API with a token that nobody issued    |
        | unsigned GET at the second API                       |
      Then the token alone is served, and nothing else

  Rule: A signature is for its time, region, service and login

    @id:SIG-11 @should
    Scenario: A signature is taken within five minutes of its date
      Given the user has credentials for signed calls
      And a signed call has been served
      When the user makes each of these calls
        | dated 4 minutes ahead  |
        | dated 4 minutes ago    |
        | dated 6 minutes ahead  |
        | dated 6 minutes ago    |
        | dated 20 minutes ahead |
        | dated 20 minutes ago   |
      Then the vendor takes what is within five minutes and refuses the rest

    @id:SIG-12 @id:SIG-18 @id:SIG-14 @should @may
    Scenario: A signature for another region, service or day is refused
      Given the user has credentials for signed calls
      And a signed call has been served
      When the user makes each of these calls
        | with another region in its scope  |
        | with another service in its scope |
        | with the day before in its scope  |
      Then the vendor refuses each of these signed calls

    @id:SIG-13 @should
    Scenario: A signature without the session token of its login is refused
      Given the user has credentials for signed calls
      And another login of the user has credentials too
      And a signed call has been served
      When the user makes each of these calls
        | without the session token                |
        | with the session token of another login  |
        | with a beginning of the session token    |
        | with an access key id that nobody issued |
      Then the vendor refuses each of these signed calls

  Rule: What a signature does not cover makes no difference

    @id:SIG-15 @should
    Scenario: Headers may be added, moved, and written otherwise
      Given the user has credentials for signed calls
      And a signed call has been served
      When the user makes each of these calls
        | with headers that are not signed              |
        | with its headers in the opposite order        |
        | with its header names in capitals             |
        | with more spaces in a header than were signed |
      Then the vendor serves each of these signed calls

    @id:HTT-10 @should
    Scenario: A broken escape in a query is no reason to fail
      Given the user has credentials for signed calls
      And a signed call has been served
      When the user makes each of these calls
        | with the raw query x=%zz    |
        | with the raw query x=%      |
        | with the raw query x=%ff    |
        | with the raw query x=%c0%af |
      Then the vendor answers each with 2xx or 4xx

  Rule: A presigned URL works until its X-Amz-Expires

    @id:SIG-16 @must
    Scenario: A presigned URL is refused after its end
      Given the user has credentials for signed calls
      And a presigned URL has been used
      When the presigned URL is used after its end
      Then the vendor refuses it

    @id:SIG-16 @must
    Scenario: A URL that the caller presigned is refused after its end
      Given the user has credentials for signed calls
      And a URL that the user presigned has been used
      When a URL that the user presigned is used after its end
      Then the vendor refuses it
