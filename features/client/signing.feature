@judge:client @vendor:scribe
Feature: How a client signs its requests

  Rule: API requests need to be authenticated using AWS sigv4

    @id:SIG-01
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
