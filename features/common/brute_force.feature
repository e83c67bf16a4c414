@judge:vendor
Feature: Guessing is slowed down

  Rule: Repeated wrong credentials are slowed down or locked out

    @id:TOK-19
    Scenario: Wrong credentials, one after the other
      Given the vendor's brake on guessing is on, where it is a setting
      When wrong credentials of a throw-away account are tried 20 times
      Then the vendor slows them down or locks them out
