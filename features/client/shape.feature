@judge:client @needs:sample @needs:client
Feature: The form of ordinary requests

  Rule: What a client sends has the documented form, whatever the scenario

    @id:TOK-01 @id:TOK-03 @id:TOK-09 @id:TOK-12 @id:TOK-21 @id:TOK-23 @id:TOK-24 @id:TOK-25 @id:TOK-27
    @id:BAS-02 @id:BAS-03 @id:BAS-04 @id:BAS-05 @id:BAS-09 @id:BAS-11
    @id:REQ-03 @id:REQ-04 @id:REQ-05 @id:CLI-28
    @documented
    Scenario: A client logs in as the vendor documents it
      When the client makes 2 calls in turn
      Then each login has the documented form

    @id:TOK-18 @documented @needs:password
    Scenario: A client logs in with a user's name and password
      When the client makes 1 call
      Then the login has both

    @id:BRR-01 @id:BRR-02 @id:BRR-07 @id:BRR-08 @id:BRR-19 @id:BRR-20
    @id:REQ-07 @id:REQ-12 @id:REQ-13 @id:COG-13 @id:RSP-23 @id:REF-01 @id:CLI-23 @id:CLI-24
    @documented
    Scenario: A client calls as the vendor documents it
      When the client makes 2 calls in turn
      And the client creates one thing or posts in its place
      Then each call has the documented form
