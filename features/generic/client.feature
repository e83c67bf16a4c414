@judge:client @needs:client_credentials @needs:bearer @needs:sample
Feature: A client of any vendor

  Rule: With the documented replies the client logs in and completes an API call

    @id:CLI-29 @must
    Scenario: The client logs in and calls
      When the client makes 2 calls in turn
      Then the client logged in and its calls were served

  Rule: The client reuses a token within its lifetime

    @id:CACHE-01 @must
    Scenario: Five calls take one token
      When the client makes 5 calls in turn
      Then the calls took one token request

    @id:SF-01 @must
    Scenario: Twenty first calls at once take one token
      Given the vendor takes 150 milliseconds to issue a token
      When the client makes 20 calls at once
      Then the calls took one token request

  Rule: After a 401 to a cached token the client fetches a new one

    @id:CLI-05 @must
    Scenario: A refused token is not shown again
      Given the client has made 1 call
      When the vendor revokes the client's token
      And the client makes 2 calls in turn
      Then the client fetched a new token and never showed the refused one again

    @id:RET-01 @should
    Scenario: The refused call is sent again
      Given the client has made 1 call
      When the vendor revokes the client's token
      And the client makes 1 call
      Then the client sent the refused call once more with a new token

  Rule: expires_in counts seconds

    @id:CLI-10 @must @needs:seconds
    Scenario: The client renews after seconds, not milliseconds
      Given the vendor's setting access_ttl_s is 86400
      And the client has made 1 call
      When the client's clock runs 3600 seconds ahead and it calls again
      And the client's clock runs 86401 seconds ahead and it calls again
      Then the client read expires_in as seconds
