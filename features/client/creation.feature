@judge:client @needs:sample @needs:client
Feature: A client that creates something

  Rule: A POST that creates something is not repeated blindly after a 5xx or a lost reply

    @id:CLI-16
    Scenario: The vendor fails
      Given each create request meets
        """
        {"status": 503}
        """
      When the client creates one object
      Then the client sent one create request

    @id:CLI-16
    Scenario: The reply is lost
      Given the first create request meets
        """
        {"lose_reply": true}
        """
      When the client creates one object
      Then the client sent one create request

  Rule: After a 202 the client polls at a bounded rate until an end state and survives an unknown state

    @id:CLI-17
    Scenario: A job takes its time, in a state that nobody knows, and fails
      Given the vendor's setting job_states is the list IN_PROGRESS, IN_PROGRESS, PONDERING, FAILED
      When the client creates one object
      Then the client asked at a bounded rate until the job had failed
