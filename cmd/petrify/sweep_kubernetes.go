package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"text/template"

	"github.com/spf13/cobra"

	"petrify/internal/sweep"
)

// manifest is what the Kubernetes objects of a sweep are made of.
type manifest struct {
	Name        string
	Image       string
	Claim       string
	Storage     string
	CPU         string
	Memory      string
	Plan        string
	Trials      int
	Parallelism int
	Phases      []string // of halving, from 0; one without a number if there is none
}

// objects are a ConfigMap with the plan, a claim to the volume for the runs, and an Indexed
// Job of the trials. Each pod makes the plan's folders first, which changes nothing if they
// are there. Exit code 2 fails an index for good; disruptions, and exit code 75, count against
// no limit. With halving there is a Job for each phase: an index of it is done when its
// trial has come to the phase's rung, and exits with 75 while it waits for other trials.
var objects = template.Must(template.New("kubernetes").Funcs(template.FuncMap{"indent": indented}).Parse(`apiVersion: v1
kind: ConfigMap
metadata:
  name: {{.Name}}
data:
  sweep.yaml: |
{{indent 4 .Plan}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{.Claim}}
spec:
  accessModes: [ReadWriteMany]
  resources:
    requests:
      storage: {{.Storage}}
{{- range .Phases}}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: {{$.Name}}{{with .}}-{{.}}{{end}}
spec:
  completionMode: Indexed
  completions: {{$.Trials}}
  parallelism: {{$.Parallelism}}
  backoffLimitPerIndex: 6
  maxFailedIndexes: {{$.Trials}}
  podFailurePolicy:
    rules:
      - action: FailIndex
        onExitCodes:
          containerName: trial
          operator: In
          values: [2]
      - action: Ignore
        onExitCodes:
          containerName: trial
          operator: In
          values: [75]
      - action: Ignore
        onPodConditions:
          - type: DisruptionTarget
            status: "True"
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 60
      initContainers:
        - name: plan
          image: {{$.Image}}
          args: [sweep, plan, /plan/sweep.yaml, --out, /sweep/{{$.Name}}]
          volumeMounts:
            - name: plan
              mountPath: /plan
            - name: sweep
              mountPath: /sweep
      containers:
        - name: trial
          image: {{$.Image}}
          args: [sweep, trial, /sweep/{{$.Name}}{{with .}}, --phase={{.}}{{end}}]
          resources:
            requests:
              cpu: {{$.CPU}}
              memory: {{$.Memory}}
          volumeMounts:
            - name: plan
              mountPath: /plan
            - name: sweep
              mountPath: /sweep
      volumes:
        - name: plan
          configMap:
            name: {{$.Name}}
        - name: sweep
          persistentVolumeClaim:
            claimName: {{$.Claim}}
{{- end}}
`))

// indented puts spaces before each line.
func indented(n int, text string) string {
	space := strings.Repeat(" ", n)
	return space + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+space)
}

// Names and quantities of Kubernetes, as far as they go into a manifest as they are.
var (
	objectName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	quantity   = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$`)
	imageName  = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._/:@-]*$`)
)

func (c *command) sweepKubernetes() *cobra.Command {
	var m manifest
	cmd := &cobra.Command{
		Use:   "kubernetes DIR",
		Short: "Print the Kubernetes objects that run a sweep: an Indexed Job, its plan and its volume",
		Long: `Print a ConfigMap with the plan, a PersistentVolumeClaim for the runs, and an
Indexed Job with one index a trial, for kubectl apply. The volume must be one that all
pods can write. Data that the plan names must be at the same path in the pods: put
them into the image, or into the volume, which is mounted at /sweep.`,
		Args: oneArgument,
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := sweep.Open(args[0])
			if err != nil {
				return err
			}
			if m.Name == "" {
				m.Name = filepath.Base(filepath.Clean(args[0]))
			}
			if m.Claim == "" {
				m.Claim = m.Name
			}
			plan, err := os.ReadFile(filepath.Join(args[0], sweep.PlanFile))
			if err != nil {
				return err
			}
			m.Plan, m.Trials, m.Phases = string(plan), s.Len(), []string{""}
			if s.Halving != nil {
				m.Phases = nil
				for phase := range len(s.Halving.Epochs) + 1 {
					m.Phases = append(m.Phases, strconv.Itoa(phase))
				}
			}
			if err := m.check(); err != nil {
				return usage(err)
			}
			return objects.Execute(c.stdout, m)
		},
	}
	f := cmd.Flags()
	f.StringVar(&m.Image, "image", "", "`IMAGE` with petrify as its entry point: see Containerfile")
	f.StringVar(&m.Name, "name", "", "`NAME` of the objects; the folder's if left out")
	f.StringVar(&m.Claim, "claim", "", "`NAME` of the claim to the volume; that of the objects if left out")
	f.StringVar(&m.Storage, "storage", "10Gi", "`SIZE` of the volume")
	f.StringVar(&m.CPU, "cpu", "1", "processors of a trial")
	f.StringVar(&m.Memory, "memory", "1Gi", "`SIZE` of a trial's memory")
	f.IntVar(&m.Parallelism, "parallelism", 10, "run `N` trials at a time")
	return cmd
}

// check refuses what would not be the value of its key.
func (m manifest) check() error {
	var faults []error
	for _, v := range []struct {
		flag, value, want string
		form              *regexp.Regexp
	}{
		{"image", m.Image, "the name of an image", imageName},
		{"name", m.Name, "lower-case letters, digits and -, 63 at most", objectName},
		{"claim", m.Claim, "lower-case letters, digits and -, 63 at most", objectName},
		{"storage", m.Storage, "a quantity such as 10Gi", quantity},
		{"cpu", m.CPU, "a quantity such as 2 or 500m", quantity},
		{"memory", m.Memory, "a quantity such as 1Gi", quantity},
	} {
		if !v.form.MatchString(v.value) {
			faults = append(faults, fmt.Errorf("--%s %q: want %s", v.flag, v.value, v.want))
		}
	}
	if m.Parallelism < 1 {
		faults = append(faults, fmt.Errorf("--parallelism %d: want 1 or more", m.Parallelism))
	}
	return errors.Join(faults...)
}
