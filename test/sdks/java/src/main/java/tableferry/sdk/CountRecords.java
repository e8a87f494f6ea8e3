package tableferry.sdk;

import com.alicloud.openservices.tablestore.TunnelClient;
import com.alicloud.openservices.tablestore.tunnel.worker.IChannelProcessor;
import com.alicloud.openservices.tablestore.tunnel.worker.ProcessRecordsInput;
import com.alicloud.openservices.tablestore.tunnel.worker.TunnelWorker;
import com.alicloud.openservices.tablestore.tunnel.worker.TunnelWorkerConfig;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The SDK's tunnel worker that does nothing but count: `endpoint instance id secret tunnelId records`. Prints one JSON line with records, seconds from the
 * first to the last, and CPU seconds of the whole process.
 */
final class CountRecords {
  public static void main(String[] args) throws Exception {
    long wanted = Long.parseLong(args[5]);
    AtomicLong count = new AtomicLong();
    AtomicLong first = new AtomicLong();
    CountDownLatch done = new CountDownLatch(1);
    TunnelClient client = new TunnelClient(args[0], args[2], args[3], args[1]);
    TunnelWorkerConfig config = new TunnelWorkerConfig(new IChannelProcessor() {
      @Override
      public void process(ProcessRecordsInput input) {
        first.compareAndSet(0, System.nanoTime());
        if (count.addAndGet(input.getRecords().size()) >= wanted) done.countDown();
      }

      @Override
      public void shutdown() {}
    });
    TunnelWorker worker = new TunnelWorker(args[4], client, config);
    worker.connectAndWorking();
    done.await();
    double seconds = (System.nanoTime() - first.get()) / 1e9;
    double cpu = ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime() / 1e9;
    System.out.printf("{\"records\": %d, \"seconds\": %.3f, \"cpuSeconds\": %.3f}%n", count.get(), seconds, cpu);
    System.out.flush();
    Runtime.getRuntime().halt(0);
  }
}
