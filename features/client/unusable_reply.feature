@judge:client @needs:sample @needs:client
Feature: What a client makes of a token reply that it cannot use

  Rule: Without a usable token the client makes no API request and reports an error

    @id:RSP-21
    Scenario Outline: The reply has <what>
      Given each token reply meets
        """
        {"edit": <edit>}
        """
      When the client makes 1 call
      Then the call is reported as failed, and no API request arrives

      @vendor:athelas @vendor:pattern @vendor:corti
      Examples:
        | what               | edit                                                                |
        | an error           | {"remove": ["access_token"], "set": {"error": "temporarily_unavailable"}} |
        | no token           | {"remove": ["access_token"]}                                        |
        | null for a token   | {"set": {"access_token": null}}                                     |
        | an empty token     | {"set": {"access_token": ""}}                                       |
        | a number for a token | {"set": {"access_token": 12345}}                                  |

      @vendor:scribe
      Examples:
        | what               | edit                                                                |
        | no tokens          | {"within": "AuthenticationResult", "remove": ["AccessToken", "IdToken"]} |
        | no result          | {"remove": ["AuthenticationResult"]}                                |
        | null for tokens    | {"within": "AuthenticationResult", "set": {"AccessToken": null, "IdToken": null}} |
        | empty tokens       | {"within": "AuthenticationResult", "set": {"AccessToken": "", "IdToken": ""}} |
        | numbers for tokens | {"within": "AuthenticationResult", "set": {"AccessToken": 12345, "IdToken": 12345}} |

  Rule: A broken reply neither ends the client nor gives it a token that was not issued

    @id:RSP-22
    Scenario Outline: The token reply is <what>
      Given each token reply meets
        """
        <then>
        """
      When the client makes 1 call
      And the vendor's faults end
      And the client makes 1 call, and others for 65 seconds while they fail
      Then the first call is reported as failed, and the client goes on

      Examples:
        | what           | then                                                                                           |
        | a page of HTML | {"status": 200, "headers": {"Content-Type": "text/html"}, "body": "<html><p>busy</p></html>"} |
        | cut short      | {"edit": {"cut": 60}}                                                                          |

      @vendor:athelas @vendor:pattern @vendor:corti
      Examples:
        | what                     | then                                   |
        | one that repeats a member | {"edit": {"repeat": ["access_token"]}} |

      @vendor:scribe
      Examples:
        | what                     | then                                                                               |
        | one that repeats a member | {"edit": {"within": "AuthenticationResult", "repeat": ["AccessToken", "IdToken"]}} |

    @id:RSP-22
    Scenario: An API reply is a page of HTML
      Given each API request meets
        """
        {"status": 200, "headers": {"Content-Type": "text/html"}, "body": "<html><p>busy</p></html>"}
        """
      When the client makes 1 call
      And the vendor's faults end
      And the client makes 1 call
      Then the second call is answered

    @id:RSP-22
    Scenario: An API reply ends before its length
      Given each API request meets
        """
        {"truncate": 1}
        """
      When the client makes 1 call
      And the vendor's faults end
      And the client makes 1 call
      Then the first call is reported as failed, and the second is answered
