@judge:client @vendor:scribe
Feature: How a client signs its requests

  Rule: API requests need to be authenticated using AWS sigv4

    @id:SIG-01 @id:SIG-02
    Scenario: A read and an upload are signed
      When the client makes 1 call
      And the client posts {"filetype":"pdf","filename":"a.pdf"} to /tasks
      Then the client's signatures agree with what the vendor received

  Rule: A signature names the time, the region, the service and the session token

    @id:SIG-02 @documented
    Scenario: Signatures stay right past midnight
      Given the vendor's setting credentials_ttl_s is 172800
      And the client has made 1 call
      When 1440 minutes have passed
      And the client's clock runs 86400 seconds ahead and it calls again
      Then each signature has the vendor's date, scope and session token

  Rule: Edges of paths and queries are signed as they arrive

    @id:SIG-03
    Scenario: Odd paths and queries
      When the client reads odd paths and queries
      Then each signature agrees with what the vendor received, and that with what was asked for

  Rule: A signature that is refused for its date is dated anew

    @id:SIG-04 @id:SIG-05
    Scenario: The vendor's clock goes twenty minutes ahead and comes back
      Given the client has made 1 call
      When the vendor's clock is set 1200 seconds ahead
      And the client makes 1 call
      And the vendor's clock is set 1200 seconds back
      And the client makes 2 calls in turn
      Then the client repeated one call with a corrected date, and dropped the correction

  Rule: AWS credentials that have ended are replaced

    @id:SIG-06
    Scenario: One call meets the end of the credentials
      Given the client has made 1 call
      When the vendor ends the client's AWS credentials
      And the client makes 1 call
      Then the client fetched others and repeated the call once

    @id:SIG-07
    Scenario: Twenty calls meet the end of the credentials
      Given AWS credentials live 2 seconds, and each request for them takes 150 milliseconds
      And the client has made 1 call
      When these have ended and new ones live long
      And the client makes 20 calls at once
      Then each request was signed with credentials of one issue

  Rule: A presigned URL needs no further proof

    @id:SIG-08
    Scenario: A document is uploaded to another origin
      Given presigned URLs lead to another origin
      When the client creates one object
      Then nothing that proves the client reached the other origin

  Rule: A refusal of AWS credentials that were already replaced does not cause another fetch

    @id:SIG-19
    Scenario: A refusal for ended credentials comes late
      Given the client has made 1 call
      When the refusal of ended credentials is held until another call has new ones
      And the client makes 1 call
      Then the client fetched no third credentials
