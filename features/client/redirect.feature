@judge:client @needs:sample @needs:client
Feature: A client that is sent elsewhere

  Rule: A redirect of the API to another origin is not followed with the token or signature

    @id:REQ-09
    Scenario Outline: The API redirects with <status>
      Given each API request is redirected with <status> to another origin
      When the client makes 1 call
      Then no token and no signature reached the other origin

      Examples:
        | status |
        | 302    |
        | 307    |

  Rule: A redirect of the token endpoint is not followed with credentials

    @id:REQ-11
    Scenario Outline: The token endpoint redirects with <status>
      Given each token request is redirected with <status> to another origin
      When the client makes 1 call
      Then no credentials reached the other origin

      Examples:
        | status |
        | 302    |
        | 307    |
        | 308    |
