@judge:client @needs:sample @needs:client
Feature: A client that reads a list

  Rule: nextPage is followed on the API's own origin alone, and the list ends where it is absent

    @id:CLI-18
    Scenario: The second page names another origin
      Given the first page of the list names a second, and that one another origin
      When the client reads the list to its end
      Then no request reached the other origin, and the list ended
