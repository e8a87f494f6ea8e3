import type * as grpc from "@grpc/grpc-js";
import type {
  AboutResponse,
  GetProgramDependenciesRequest,
  GetProgramDependenciesResponse,
  InstallDependenciesRequest,
  InstallDependenciesResponse,
  RunRequest,
  RunResponse,
} from "@pulumi/pulumi/proto/language_pb.js";
import { installPackages } from "./package-install.ts";
import { programPackages } from "./program-packages.ts";
import type { ProgramRunner } from "./program.ts";
import type { PulumiSdk } from "./pulumi-sdk.ts";
import { parseRuntimeOptions } from "./runtime-options.ts";

type Unary<Request, Response> = grpc.handleUnaryCall<Request, Response>;

/**
 * The part of Pulumi's LanguageRuntime service that running Node programs needs. What is left out (code generation,
 * plugins written in Node, templates) answers UNIMPLEMENTED, which the engine knows how to take.
 */
export function languageService(sdk: PulumiSdk, runner: ProgramRunner, version: string): grpc.UntypedServiceImplementation {
  const { messages } = sdk;
  return {
    handshake: answer(() => new messages.LanguageHandshakeResponse()),
    getPluginInfo: answer(() => new sdk.plugin.PluginInfo().setVersion(version)),
    // Empty on purpose: the official host reports every resource plugin found under node_modules, and the engine then
    // tries to download each before the first preview. Plugins a program really uses are still looked up when used.
    getRequiredPackages: answer(() => new messages.GetRequiredPackagesResponse()),
    getRequiredPlugins: answer(() => new messages.GetRequiredPluginsResponse()),
    runtimeOptionsPrompts: answer(() => new messages.RuntimeOptionsResponse()),
    template: answer(() => new messages.TemplateResponse()),
    about: answer(() => about(sdk)),
    getProgramDependencies: answer((request: GetProgramDependenciesRequest) => dependencies(sdk, request)),
    installDependencies: (call: grpc.ServerWritableStream<InstallDependenciesRequest, InstallDependenciesResponse>) =>
      void install(sdk, call),
    run: runHandler(sdk, runner),
    cancel: answer(() => {
      runner.cancel();
      return new sdk.empty.Empty();
    }),
  };
}

function answer<Request, Response>(respond: (request: Request) => Response): Unary<Request, Response> {
  return (call, callback) => {
    try {
      callback(null, respond(call.request));
    } catch (error) {
      callback(error instanceof Error ? error : new Error(String(error)));
    }
  };
}

function runHandler(sdk: PulumiSdk, runner: ProgramRunner): Unary<RunRequest, RunResponse> {
  return (call, callback) => {
    // A request that its caller gave up must not leave the program running.
    call.on("cancelled", () => runner.cancel());
    void respond(call.request, callback);
  };
  async function respond(request: RunRequest, callback: grpc.sendUnaryData<RunResponse>): Promise<void> {
    const { error, bail } = await runner.run(request);
    callback(null, new sdk.messages.RunResponse().setError(error).setBail(bail));
  }
}

function about(sdk: PulumiSdk): AboutResponse {
  const response = new sdk.messages.AboutResponse().setExecutable(process.execPath).setVersion(process.version);
  response.getMetadataMap().set("language host", "tableferry");
  response.getMetadataMap().set("@pulumi/pulumi", sdk.version);
  return response;
}

function dependencies(sdk: PulumiSdk, request: GetProgramDependenciesRequest): GetProgramDependenciesResponse {
  const folder = request.getInfo()?.getProgramDirectory() || request.getPwd();
  const list = programPackages(folder, request.getTransitivedependencies()).map(({ name, version }) =>
    new sdk.messages.DependencyInfo().setName(name).setVersion(version),
  );
  return new sdk.messages.GetProgramDependenciesResponse().setDependenciesList(list);
}

async function install(
  sdk: PulumiSdk,
  call: grpc.ServerWritableStream<InstallDependenciesRequest, InstallDependenciesResponse>,
): Promise<void> {
  const place = call.request.getInfo();
  try {
    const options = parseRuntimeOptions((place?.getOptions()?.toJavaScript() ?? {}) as Record<string, unknown>);
    await installPackages(place?.getProgramDirectory() || call.request.getDirectory(), options, (text, error) => {
      const response = new sdk.messages.InstallDependenciesResponse();
      call.write(error ? response.setStderr(text) : response.setStdout(text));
    });
    call.end();
  } catch (error) {
    call.emit("error", { code: sdk.grpc.status.UNKNOWN, details: error instanceof Error ? error.message : String(error) });
  }
}
