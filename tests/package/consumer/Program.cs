using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Consumer;
using DmIoUring;

string folder = Directory.CreateTempSubdirectory("dmio-consumer").FullName;
try
{
    Console.WriteLine($"{RuntimeInformation.FrameworkDescription}, {(RuntimeFeature.IsDynamicCodeSupported ? "with a just-in-time compiler" : "native")}");
    int wrong = 0;
    foreach (IoRingKind ring in new[] { IoRingKind.Automatic, IoRingKind.Workers })
        wrong += await Mirror.RunAsync(folder, ring);
    return wrong == 0 ? 0 : 1;
}
finally
{
    Directory.Delete(folder, recursive: true);
}
