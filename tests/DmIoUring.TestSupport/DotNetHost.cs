namespace DmIoUring.TestSupport;

/// <summary>The program that runs an assembly.</summary>
internal static class DotNetHost
{
    public static string Path => Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
}
