using System.Globalization;
using DmIoUring.Caller;

if (args is not [string path, string depth, string seconds])
{
    Console.Error.WriteLine("dmio-caller DEVICE DEPTH SECONDS");
    return 2;
}

using ReadLoad load = new(path, int.Parse(depth, CultureInfo.InvariantCulture));
load.RunFor(TimeSpan.FromSeconds(0.5));
long requests = load.Ended;
TimeSpan processor = Environment.CpuUsage.TotalTime;
TimeSpan took = load.RunFor(TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture)));
processor = Environment.CpuUsage.TotalTime - processor;
requests = load.Ended - requests;
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{processor.TotalNanoseconds / requests:0.0} {took.TotalNanoseconds / requests:0.0} {requests}"));
return 0;
