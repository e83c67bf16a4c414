@judge:vendor
Feature: Scribe Labs keeps documents of its customers

  Rule: submit_task posts a task, and puts the document to the url of the reply

    @id:VEN-56 @must
    Scenario: A new task has an id, and an address for its document
      Given the user has signed in for signed calls and created a task
      When the user deletes what was created
      Then the creation gave a jobid and a url

    @id:VEN-75 @must @id:VEN-76 @must
    Scenario: The address of a new task takes its document
      Given the user has signed in for signed calls and created a task
      When the user puts a document to the url of the task, with and without its query
      And the user deletes what was created
      Then the url takes it with 200, and nothing without its query

  Rule: list_tasks lists the tasks of a company

    @id:VEN-74 @must
    Scenario: A company that nobody has named has no tasks
      Given the user has signed in for signed calls and created a task
      And the user has listed the tasks, and read the task
      When the user lists the tasks of a company that has none
      And the user deletes what was created
      Then its list has none of the others

  Rule: get_task reads a task by its id

    @id:VEN-57 @id:VEN-58 @id:VEN-61 @must
    Scenario: A task is read under its own id, and no other is
      Given the user has credentials for signed calls
      And the user has a task, and has listed the tasks
      When the user reads the task
      And the user makes each of these calls
        | of an unknown item |
      And the user deletes what was created
      Then the task is the one that was asked for, and nobody has the other

  Rule: In order to upload, access and delete data via the API, all requests must be authenticated

    @id:VEN-59 @must
    Scenario: A deleted task is gone
      Given the user has signed in for signed calls and created a task
      And the user has read the task
      When the user deletes the task
      And the user reads the deleted task
      Then it is not there any more, or shown as deleted

    @id:VEN-60 @must
    Scenario: A task is its own customer's
      Given the user has signed in for signed calls and created a task
      And the user has listed the tasks, and read the task
      When another user creates a task, lists the tasks and reads the first user's
      And the user deletes what was created
      Then a user of another client neither reads nor lists it
