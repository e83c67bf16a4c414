@judge:client @needs:sample @needs:client
Feature: For how long a client takes a token to live, and when it renews

  Rule: The client reads the lifetime in the vendor's unit and renews before the end

    @id:EXP-01 @id:EXP-02 @id:EXP-03 @id:CLI-10 @id:COG-09 @measures
    Scenario: The client's margin and unit are measured
      When the client is measured
      Then the client renews early, and reads the lifetime in the vendor's unit

  Rule: Tokens have a default expiration time of 172,800 seconds (48 hours)

    @id:CLI-08 @documented
    Scenario: The client takes 48 hours where no field tells the lifetime
      Given the vendor's setting token_format is jwt_no_exp
      And the client has made 2 calls
      When the client's clock runs 172801 seconds ahead and it calls again
      Then the client took the documented lifetime
