@judge:client @needs:sample @needs:client
Feature: Clients that receive webhooks

  Rule: A webhook receiver answers quickly with an empty body and copes with the same delivery twice

    @id:CLI-26
    Scenario: An event is delivered twice
      Given the client has made 1 call
      When the vendor delivers an event twice, a second apart
      Then the receiver answered both with an empty body
