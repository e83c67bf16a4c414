Feature: Corti's tokens end

  Rule: expires_in is the lifetime in seconds

    @judge:vendor @id:RSP-08 @must
    Scenario: A token lives expires_in seconds and not longer
      Given the caller has logged in
      When 90 percent of the token's lifetime has passed
      And the caller calls the API
      And the token's lifetime and 5 minutes more have passed
      And the caller calls the API
      Then the token lived as long as the reply said and not longer

    @judge:client @id:CLI-10 @must
    Scenario: The client renews after seconds, not milliseconds
      Given the vendor's setting access_ttl_s is 86400
      And the client has made 1 call
      When the client's clock runs 3600 seconds ahead and it calls again
      And the client's clock runs 86401 seconds ahead and it calls again
      Then the client read expires_in as seconds
