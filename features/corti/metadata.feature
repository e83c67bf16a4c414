@judge:vendor
Feature: Corti publishes its metadata and its keys

  Rule: The metadata and the key set say what the vendor does

    @id:BCP-19 @must
    Scenario: The members of the metadata
      When the caller reads the vendor's metadata
      Then it has what the standard requires

    @id:BCP-20 @should
    Scenario: The lists of the metadata
      Given the caller has logged in
      When the caller logs in in each of these ways
        | with the credentials in a Basic header |
      And the caller reads the vendor's metadata
      Then its lists hold what was accepted

    @id:JWT-31 @must
    Scenario: The keys
      Given tokens have been issued
      When the vendor's key set is read
      And the issued tokens are examined
      Then each key says what it is for
