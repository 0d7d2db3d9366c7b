/** A user who agrees to every sign-in, and the providers for clients that act without one. */
import {
  ClientCredentialsProvider, CrossAppAccessProvider, DpopSession, PrivateKeyJwtProvider, requestJwtAuthorizationGrant, UnauthorizedError,
  type OAuthClientInformationContext, type OAuthClientMetadata, type OAuthClientProvider, type OAuthDiscoveryState, type StoredOAuthClientInformation, type StoredOAuthTokens,
} from '@modelcontextprotocol/client';

type Facts = Readonly<Record<string, unknown>>;

/** Of all sign-ins one call may ask for, so that a server that is never content ends it. */
const signInsMax = 2;
const textOf = (facts: Facts, name: string) => (typeof facts[name] === 'string' ? facts[name] : '');

export class SignIn implements OAuthClientProvider {
  readonly redirectUrl = 'http://localhost:3333/callback';
  readonly clientMetadataUrl = 'https://conformance-test.local/client-metadata.json';
  readonly clientMetadata: OAuthClientMetadata = {
    client_name: 'countersign-conformance-client',
    redirect_uris: [this.redirectUrl],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  };
  readonly #known: StoredOAuthClientInformation | undefined;
  readonly #session: DpopSession | undefined;
  readonly #clients = new Map<string, StoredOAuthClientInformation>();
  #tokens: StoredOAuthTokens | undefined;
  #discovery: OAuthDiscoveryState | undefined;
  #verifier = '';
  #callback: URLSearchParams | undefined;
  #finish: ((params: URLSearchParams) => Promise<void>) | undefined;

  /** @param facts  of the scenario; with a client id and secret in it nothing is registered. */
  constructor(facts: Facts, session?: DpopSession) {
    this.#session = session;
    if (textOf(facts, 'client_id') !== '') this.#known = { client_id: textOf(facts, 'client_id'), client_secret: textOf(facts, 'client_secret'), issuer: textOf(facts, 'issuer') };
  }

  finishWith(finish: (params: URLSearchParams) => Promise<void>): void {
    this.#finish = finish;
  }

  /** Runs `act` again after each sign-in it asked for. */
  async whileSigningIn<T>(act: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await act();
      } catch (error) {
        const callback = this.#callback;
        this.#callback = undefined;
        if (!(error instanceof UnauthorizedError) || callback === undefined || this.#finish === undefined || attempt > signInsMax) throw error;
        await this.#finish(callback);
        // The next challenge may name another authorization server.
        this.#discovery = undefined;
      }
    }
  }

  clientInformation(of?: OAuthClientInformationContext): StoredOAuthClientInformation | undefined {
    return this.#known ?? this.#clients.get(of?.issuer ?? '');
  }

  saveClientInformation(client: StoredOAuthClientInformation, of?: OAuthClientInformationContext): void {
    this.#clients.set(of?.issuer ?? '', client);
  }

  tokens(): StoredOAuthTokens | undefined {
    return this.#tokens;
  }

  saveTokens(tokens: StoredOAuthTokens): void {
    this.#tokens = tokens;
  }

  async redirectToAuthorization(url: URL): Promise<void> {
    const { headers } = await fetch(url, { redirect: 'manual' });
    this.#callback = new URL(headers.get('location') ?? '', url).searchParams;
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  codeVerifier(): string {
    return this.#verifier;
  }

  saveDiscoveryState(state: OAuthDiscoveryState): void {
    this.#discovery = state;
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#discovery;
  }

  invalidateCredentials(scope: 'all' | 'client' | 'tokens' | 'verifier' | 'discovery'): void {
    if (scope === 'all' || scope === 'client') this.#clients.clear();
    if (scope === 'all' || scope === 'tokens') this.#tokens = undefined;
    if (scope === 'all' || scope === 'discovery') this.#discovery = undefined;
  }

  dpop(): DpopSession | undefined {
    return this.#session;
  }
}

export async function dpopSignIn(): Promise<SignIn> {
  return new SignIn({}, await DpopSession.create());
}

/** For the scenarios without a user. */
export function providerFor(scenario: string, facts: Facts): OAuthClientProvider | undefined {
  const clientId = textOf(facts, 'client_id');
  if (scenario === 'auth/client-credentials-basic') return new ClientCredentialsProvider({ clientId, clientSecret: textOf(facts, 'client_secret') });
  if (scenario === 'auth/client-credentials-jwt') return new PrivateKeyJwtProvider({ clientId, privateKey: textOf(facts, 'private_key_pem'), algorithm: textOf(facts, 'signing_algorithm') });
  if (scenario !== 'auth/enterprise-managed-authorization') return undefined;
  return new CrossAppAccessProvider({
    clientId,
    clientSecret: textOf(facts, 'client_secret'),
    assertion: async ({ authorizationServerUrl, resourceUrl, scope, fetchFn }) => {
      const grant = await requestJwtAuthorizationGrant({
        tokenEndpoint: textOf(facts, 'idp_token_endpoint'), audience: authorizationServerUrl, resource: resourceUrl, idToken: textOf(facts, 'idp_id_token'), clientId: textOf(facts, 'idp_client_id'), fetchFn,
        ...(scope === undefined ? {} : { scope }),
      });
      return grant.jwtAuthGrant;
    },
  });
}
